using KadOrleans.AzureStorage;
using KadOrleans.Edge;
using KadOrleans.Tls.Hosting;

return await KadEdge.RunAsync(args, providers => providers.UseKadAzureStorage().UseKadTls());
