import { stopTestServers } from './start-servers';

export default stopTestServers;
