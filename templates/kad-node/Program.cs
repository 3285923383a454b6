using KadOrleans;
using KadOrleans.Core;
using KadOrleans.Node;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

// A node of a Kademlia network. appsettings.json has its options; Bootstrap names nodes to join through, each as HOST:PORT.
// The file is beside the program, wherever that is started.
try
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var (listen, data) = (builder.Configuration["Listen"] ?? "127.0.0.1:8468", builder.Configuration["Data"]);
    builder.Services.AddKadNode(builder.Configuration.GetSection("Kad"))
        .UseUdp(UdpEndpoint.TryParse(listen, out var endpoint) ? endpoint : throw new FormatException($"Listen is '{listen}'; IP:PORT is needed."))
        .UseSqlite(string.IsNullOrWhiteSpace(data) ? "kad-data" : data);
    builder.Services.AddHostedService<Greeting>();
    var host = builder.Build();

    // Opens the port and the folder: what is wrong with them is said before the host logs that its start failed.
    host.Services.GetRequiredService<IDht>();
    await host.RunAsync();
    return 0;
}
catch (Exception mistake) when (mistake is FormatException or OptionsValidationException or TransportException or KeyStoreException)
{
    Console.Error.WriteLine(mistake.Message);
    return 2;
}

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
