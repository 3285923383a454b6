namespace KadOrleans.Server;

/// <summary>
/// Ends a silo whose row is missing in the cluster's table of members, as after a Redis lost its last second, was emptied, or a database was restored: others
/// that start do not know of it, and would start its grains beside it. Orleans declares a silo dead for it only once the table is newer than what it knows.
/// </summary>
internal sealed class OwnRowWatch(
    IMembershipTable table,
    ILocalSiloDetails own,
    ISiloStatusOracle silos,
    FatalError fatal,
    TimeProvider time,
    ILogger<OwnRowWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (silos.CurrentStatus == SiloStatus.Active && await IsMissingAsync(stoppingToken))
            {
                SiloLog.RowLost(logger, own.SiloAddress);
                fatal.LoseRow();
                return;
            }
        }
    }

    private async Task<bool> IsMissingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return await IsMissingInNewTableAsync(cancellationToken);
        }
    }

    // A table that lost its version cannot be read. It is made anew, as each silo does that starts.
    private async Task<bool> IsMissingInNewTableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
            return await ReadAsync(cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Storage does not answer, which says nothing of rows. Orleans logs it.
            return false;
        }
    }

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var read = await table.ReadAllAsync(cancellationToken);
        return silos.CurrentStatus == SiloStatus.Active && !read.Members.Any(row => row.Item1.SiloAddress.Equals(own.SiloAddress));
    }
}
