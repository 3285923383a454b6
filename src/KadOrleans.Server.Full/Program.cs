using KadOrleans.Server.Full;

return await KadServer.RunAsync(args, providers => providers.UseKadAzureStorage().UseKadRedis().UseKadTls().UseKadOidc());
