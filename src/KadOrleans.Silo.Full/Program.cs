using KadOrleans.AzureStorage;
using KadOrleans.Silo;
using KadOrleans.Tls.Hosting;

return await KadSilo.RunAsync(args, providers => providers.UseKadAzureStorage().UseKadTls());
