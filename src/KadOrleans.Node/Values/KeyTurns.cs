using KadOrleans.Core;

namespace KadOrleans.Node.Values;

/// <summary>
/// Lets one publication of a key go out at a time, in the order of the calls. A value that is still on its way then cannot arrive
/// after one that was set later. Safe for several threads.
/// </summary>
internal sealed class KeyTurns
{
    private readonly Lock _gate = new();

    // The last turn of each key that has one under way: as many as there are calls.
    private readonly Dictionary<NodeId, Task> _last = [];

    /// <summary>Waits for the turns of the key that were asked for before, then works.</summary>
    /// <param name="key">Other keys are not waited for.</param>
    /// <param name="work">Gives up by itself: the wait before it, a lookup and its STOREs long, cannot be cancelled.</param>
    public async Task<T> RunAsync<T>(NodeId key, Func<Task<T>> work)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? before;
        lock (_gate)
        {
            _last.TryGetValue(key, out before);
            _last[key] = turn.Task;
        }

        try
        {
            if (before is not null)
            {
                await before;
            }

            return await work();
        }
        finally
        {
            lock (_gate)
            {
                if (_last[key] == turn.Task)
                {
                    _last.Remove(key);
                }
            }

            turn.SetResult();
        }
    }
}
