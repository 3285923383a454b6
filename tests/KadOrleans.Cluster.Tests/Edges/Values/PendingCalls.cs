using System.Threading.Channels;

namespace KadOrleans.Cluster.Tests.Edges;

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

/// <summary>A call that waits for a test to answer it: each number with ten times itself.</summary>
internal sealed class PendingCall(IReadOnlyList<int> requests)
{
    private readonly TaskCompletionSource<IReadOnlyList<int>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<int> Requests => requests;

    public Task<IReadOnlyList<int>> Result => _result.Task;

    public void Answer() => Answer([.. requests.Select(request => request * 10)]);

    public void Answer(params int[] results) => _result.SetResult(results);

    public void Fail(Exception exception) => _result.SetException(exception);
}

/// <summary>Silos that are not there: their addresses alone.</summary>
internal static class Silos
{
    public static SiloAddress At(int number) => SiloAddress.New(IPAddress.Loopback, number, 1);

    public static GrainId DeskAt(int number) => SystemTargetGrainId.CreateGrainServiceGrainId(7, null!, At(number));
}
