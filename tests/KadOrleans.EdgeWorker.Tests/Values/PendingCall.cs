namespace KadOrleans.EdgeWorker.Tests.Values;

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
