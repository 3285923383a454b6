using Microsoft.Extensions.Hosting;

namespace KadOrleans.Node.Hosting;

/// <summary>Starts a node with its host, joins the network in the background, and stops it with the host.</summary>
internal sealed class KadNodeService(KadNode node) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await node.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await node.DisposeAsync();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => node.JoinAsync(stoppingToken);
}
