using System.Threading.Channels;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>The calls that a channel makes, in their order.</summary>
internal sealed class PendingCalls
{
    private readonly Channel<PendingCall> _calls = Channel.CreateUnbounded<PendingCall>();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>What every call fails with at once while it is set.</summary>
    public Exception? Failure { get; set; }

    public Task<IReadOnlyList<int>> CallAsync(IReadOnlyList<int> requests)
    {
        Interlocked.Increment(ref _count);
        if (Failure is { } failure)
        {
            return Task.FromException<IReadOnlyList<int>>(failure);
        }

        var call = new PendingCall(requests);
        _calls.Writer.TryWrite(call);
        return call.Result;
    }

    public Task<PendingCall> NextAsync() => _calls.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
}
