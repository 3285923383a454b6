using KadOrleans;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Guestbook;

/// <summary>Signs a guestbook in a DHT. It knows neither nodes nor clusters.</summary>
public sealed class Visit(IDht dht, IConfiguration settings, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var visitor = settings["Visitor"] ?? "somebody";
        await dht.WaitUntilReadyAsync(stoppingToken);

        var (found, last) = await dht.GetAsync<string>("guestbook", stoppingToken);
        Console.WriteLine(found ? $"The last visitor was {last}." : "Nobody was here before.");

        var set = await dht.SetAsync("guestbook", visitor, SetAcknowledgement.Durable, stoppingToken);
        Console.WriteLine(set.Succeeded ? $"{visitor} signed." : "The guestbook is full.");
        lifetime.StopApplication();
    }
}
