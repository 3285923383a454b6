using Microsoft.Extensions.Hosting;

namespace KadOrleans.Node;

/// <summary>Starts a node with its host, joins the network in the background, and stops it with the host.</summary>
internal sealed class KadNodeService(KadNode node, IHostApplicationLifetime lifetime, ILogger<KadNodeService> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await node.StartAsync(cancellationToken);
        lifetime.ApplicationStopping.Register(node.EndWaits);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var stop = new StopSteps();
        await stop.RunAsync(() => base.StopAsync(cancellationToken));
        await stop.DisposeAsync(node);
        stop.ThrowIfFailed();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => JoinAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task JoinAsync(CancellationToken stoppingToken)
    {
        try
        {
            await node.JoinAsync(stoppingToken);
        }
        catch (KeyStoreException e)
        {
            // The node works, and saves its state again later: no reason to stop the host.
            logger.StateNotSaved(e);
        }

        // A failure is the host's to act on.
        await node.Completion.WaitAsync(stoppingToken);
    }
}
