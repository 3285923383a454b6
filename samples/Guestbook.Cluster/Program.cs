using System.Net;
using Guestbook;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// dotnet run --project samples/Guestbook.Cluster -- --Visitor=Ada --Gateway=127.0.0.1:30000
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Polly", LogLevel.Critical);
builder.UseOrleansClient(client =>
{
    // An app host has set where the silos are: samples/AppHost.
    if (builder.Configuration["Orleans:Clustering:ProviderType"] is null)
    {
        client.UseStaticClustering(IPEndPoint.Parse(builder.Configuration["Gateway"] ?? "127.0.0.1:30000"))
            .Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("kad", "kad"));
    }

    // A silo with state of its own makes the key, in its data folder.
    client.AddKadClient(options =>
    {
        if (options.GatewayKey is null)
        {
            options.GatewayKeyFile ??= Path.Combine("kad-cluster-data", "gateway-key");
        }
    });
});
builder.Services.AddHostedService<Visit>();
await builder.Build().RunAsync();
