using KadOrleans.AzureStorage;
using KadOrleans.Server;
using KadOrleans.Tls.Hosting;

return await KadServer.RunAsync(args, providers => providers.UseKadAzureStorage().UseKadTls());
