export { TemporalWorkflowGateway } from './workflow-gateway';
