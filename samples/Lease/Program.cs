using System.Net;
using KadOrleans;
using Leases;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// dotnet run --project samples/Lease
// dotnet run --project samples/Lease -- --Gateway=127.0.0.1:30000
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
if (builder.Configuration["Gateway"] is { } gateway)
{
    builder.UseOrleansClient(client =>
    {
        client.UseStaticClustering(IPEndPoint.Parse(gateway))
            .Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("kad", "kad"));
        client.AddKadClient(options => options.GatewayKeyFile ??= Path.Combine("kad-cluster-data", "gateway-key"));
    });
}
else
{
    // Without a setting of Kad the node is the first of its network.
    var kad = builder.Configuration.GetSection("Kad");
    var node = kad.Exists() ? builder.Services.AddKadNode(kad) : builder.Services.AddKadNode();
    node.UseUdp("127.0.0.1:0");
}

using var host = builder.Build();
await host.StartAsync();
var (dht, time) = (host.Services.GetRequiredService<IDht>(), TimeProvider.System);
await dht.WaitUntilReadyAsync();

// What the lease protects remembers the highest number that it saw, and refuses lower ones.
var name = $"lease of {Guid.NewGuid()}";
var (highest, ledger) = (0L, new List<string>());
var life = TimeSpan.FromSeconds(2);

var ada = await Lease.TryTakeAsync(dht, name, "Ada", life, time) ?? throw new InvalidOperationException("Nobody else has it.");
Console.WriteLine("Ada has the lease.");
Write("Ada", ada.Number);
Console.WriteLine(await Lease.TryTakeAsync(dht, name, "Ben", life, time) is null ? "Ben has to wait." : "Ben has it too!");

// Ada is frozen: she neither renews it nor notices that it ends.
Lease? ben;
while ((ben = await Lease.TryTakeAsync(dht, name, "Ben", life, time)) is null)
{
    await Task.Delay(TimeSpan.FromMilliseconds(200), time);
}

Console.WriteLine($"Ben has the lease, with a {(ben.Number > ada.Number ? "higher" : "lower")} number.");
Write("Ben", ben.Number);
Write("Ada", ada.Number);
Console.WriteLine(await ada.TryRenewAsync() ? "Ada has it back!" : "Ada has lost it.");
await ben.ReleaseAsync();

var counter = new Counter(dht, $"count of {name}", time);
await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
{
    for (var i = 0; i < 5; i++)
    {
        await counter.AddAsync();
    }
}));
Console.WriteLine($"Eight who added five each counted to {await counter.AddAsync() - 1}.");
await host.StopAsync();

void Write(string worker, long number)
{
    if (number < highest)
    {
        Console.WriteLine($"The ledger refuses {worker}: it has seen a higher number.");
        return;
    }

    highest = number;
    ledger.Add(worker);
    Console.WriteLine($"{worker} writes to the ledger.");
}
