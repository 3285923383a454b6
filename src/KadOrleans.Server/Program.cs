using KadOrleans.Server;

return await KadServer.RunAsync(args);
