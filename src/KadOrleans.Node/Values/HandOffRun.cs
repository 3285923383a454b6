using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Node.Values;

/// <summary>The hand-off to one contact: a window of concurrent STOREs, and its end when the contact takes no more.</summary>
internal sealed class HandOffRun(ValueStorer storer, Contact newcomer, TimeProvider time)
{
    /// <summary>
    /// Concurrent STOREs, once the contact took as many. With 100 ms there and back they reach the whole rate of hand-off.
    /// </summary>
    private const int MaxWindow = 32;

    /// <summary>Refusals before hand-off to a contact ends. It may hold newer values of a few keys; a full one gets no more.</summary>
    private const int MaxRefusals = 8;

    /// <summary>Consecutive STOREs without a response before it ends. Datagrams may get lost; a contact that left answers none.</summary>
    private const int MaxFailures = 8;

    // Guards the counts.
    private readonly Lock _gate = new();
    private readonly List<Task> _pending = [];
    private int _refused;
    private int _failed;

    /// <summary>Values that the contact took.</summary>
    public int Sent { get; private set; }

    /// <summary>Whether the contact takes no more.</summary>
    public bool IsRefused
    {
        get
        {
            lock (_gate)
            {
                return _refused > MaxRefusals || _failed >= MaxFailures;
            }
        }
    }

    private int Window => Math.Min(MaxWindow, 1 + Sent);

    /// <summary>Completes when no STORE is pending.</summary>
    public Task Ended => Task.WhenAll(_pending);

    /// <summary>Waits until another STORE may be sent.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        while (_pending.RemoveAll(static task => task.IsCompleted) is var _ && _pending.Count >= Window)
        {
            await Task.WhenAny(_pending);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Sends a value.</summary>
    public void Send(NodeId key, StoredValue stored) => _pending.Add(SendAsync(key, stored));

    private async Task SendAsync(NodeId key, StoredValue stored)
    {
        var taken = await StoreAsync(key, stored);

        // A request is retried once. What is lost even so gets one more chance.
        taken ??= IsRefused ? null : await StoreAsync(key, stored);
        lock (_gate)
        {
            _refused += taken is false ? 1 : 0;
            _failed = taken is null ? _failed + 1 : 0;
            Sent += taken is true ? 1 : 0;
        }
    }

    private Task<bool?> StoreAsync(NodeId key, StoredValue stored) =>
        storer.StoreAsync(key, stored.Value, stored.LifeLeft(time.GetUtcNow()), newcomer);
}
