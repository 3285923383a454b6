using KadOrleans.Core;

namespace KadOrleans.Node.Values;

/// <summary>
/// Serialises the publications of each key, in the order of the calls. So an earlier value cannot arrive after a later one. Safe for
/// several threads.
/// </summary>
internal sealed class KeyTurns
{
    private readonly Lock _gate = new();

    // The last turn of each key with pending calls: at most as many as there are calls.
    private readonly Dictionary<NodeId, Task> _last = [];

    /// <summary>Waits for the key's earlier turns, then runs the work.</summary>
    /// <param name="key">The key. Turns of other keys are independent.</param>
    /// <param name="work">The work. It must have a timeout, as later turns wait for it and cannot be cancelled.</param>
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
