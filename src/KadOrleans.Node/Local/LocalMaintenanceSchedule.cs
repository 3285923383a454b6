using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

// A standalone node's schedule: checks once a minute what is due. A node that has yet to join joins again: contacts that it met
// meanwhile make it ready, and it asks the bootstrap nodes on, as all of those contacts may be liars. Without ExpiryTime the clock is always trusted.
internal sealed class LocalMaintenanceSchedule(
    LocalRoutingTable table, RefreshPolicy policy, Func<bool> isOutside, TimeProvider time, ExpiryTime? expiry)
    : IMaintenanceSchedule
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    public async IAsyncEnumerable<MaintenanceTask> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (expiry is null)
        {
            // First, the values that expired while the node was down.
            yield return new MaintenanceTask.ExpireValues();
        }
        else if (expiry.Check() is { } unfinished)
        {
            // A run before was ended while it moved what its clock had noted.
            yield return Correct(expiry, unfinished);
        }

        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (expiry?.Check() is { } correction)
            {
                yield return Correct(expiry, correction);
            }

            if (expiry?.CanExpire ?? true)
            {
                yield return new MaintenanceTask.ExpireValues();
            }

            if (table.Snapshot.Count == 0 || isOutside())
            {
                yield return new MaintenanceTask.Rejoin();
            }

            var due = policy.GetDueBuckets(table.Describe(), time.GetUtcNow());
            if (due.Count > 0)
            {
                yield return new MaintenanceTask.RefreshBuckets(due);
            }

            yield return new MaintenanceTask.Republish();
        }
    }

    private static MaintenanceTask.CorrectTimes Correct(ExpiryTime expiry, ClockCorrection correction) =>
        new(correction) { Ended = () => expiry.Corrected(correction) };
}
