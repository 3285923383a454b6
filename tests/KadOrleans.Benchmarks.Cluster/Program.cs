using System.Globalization;
using System.Net;
using KadOrleans.Benchmarks.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

if (args is not ["crawl", _, _, _, _, _])
{
    Console.Error.WriteLine("crawl GATEWAY PORT NODES RATE ROUNDS    crawls a network of nodes by one node and by the cluster's edges in turns");
    return 2;
}

int[] numbers = [.. args[1..].Select(argument => int.Parse(argument, CultureInfo.InvariantCulture))];
var builder = Host.CreateApplicationBuilder();
builder.UseOrleansClient(client => client
    .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, numbers[0]))
    .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("kad", "kad")));
using var host = builder.Build();
await host.StartAsync();
await CrawlBenchmark.RunAsync(host.Services.GetRequiredService<IGrainFactory>(), numbers[1], numbers[2], numbers[3], numbers[4]);
await host.StopAsync();
return 0;
