using System.Runtime.CompilerServices;

namespace KadOrleans.Tests.Node;

/// <summary>So much is due at the start, and nothing after it.</summary>
internal sealed class ListedSchedule(params MaintenanceTask[] first) : IMaintenanceSchedule
{
    public async IAsyncEnumerable<MaintenanceTask> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var task in first)
        {
            yield return task;
        }

        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ending = cancellationToken.UnsafeRegister(_ => never.TrySetCanceled(cancellationToken), null);
        await never.Task;
    }
}
