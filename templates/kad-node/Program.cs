using KadOrleans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A node of a Kademlia network. appsettings.json has its options; Bootstrap names nodes to join through, each as HOST:PORT.
// The file is beside the program, wherever that is started.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddKadNode(builder.Configuration.GetSection("Kad"))
    .UseUdp(builder.Configuration["Listen"] ?? "127.0.0.1:8468")
    .UseSqlite(builder.Configuration["Data"] ?? "kad-data");
builder.Services.AddHostedService<Greeting>();
await builder.Build().RunAsync();

// What the program does with the DHT: replace it by your own.
sealed class Greeting(IDht dht) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await dht.WaitUntilReadyAsync(stoppingToken);
        await dht.SetAsync("greeting", "hello", SetAcknowledgement.Durable, stoppingToken);
        var (_, greeting) = await dht.GetAsync<string>("greeting", stoppingToken);
        Console.WriteLine($"The DHT says {greeting}.");
    }
}
