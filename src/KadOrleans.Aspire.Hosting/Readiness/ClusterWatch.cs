using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>Gives a cluster the state that follows from its processes.</summary>
internal static class ClusterWatch
{
    /// <summary>Publishes the state for as long as the app host runs. Resources that wait for the cluster start meanwhile.</summary>
    public static async Task RunAsync(KadClusterResource cluster, ResourceNotificationService notifications, CancellationToken stopping)
    {
        try
        {
            await foreach (var update in notifications.WatchAsync(stopping))
            {
                if (cluster.Members.Any(member => member.Resource == update.Resource))
                {
                    cluster.States.Record(update);
                    await PublishAsync(cluster, notifications);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The app host stops.
        }
    }

    private static async Task PublishAsync(KadClusterResource cluster, ResourceNotificationService notifications)
    {
        if (cluster.States.StateOf(cluster) is not { } state)
        {
            return;
        }

        var isRunning = state == KnownResourceStates.Running;
        await notifications.PublishUpdateAsync(cluster, snapshot => snapshot.State?.Text == state ? snapshot : snapshot with
        {
            State = new ResourceStateSnapshot(state, null),
            StartTimeStamp = isRunning ? DateTime.UtcNow : snapshot.StartTimeStamp,
            StopTimeStamp = isRunning ? null : DateTime.UtcNow,
        });
    }
}
