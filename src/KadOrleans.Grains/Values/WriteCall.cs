namespace KadOrleans.Grains.Values;

/// <summary>A call whose writes may end in several group commits.</summary>
internal sealed class WriteCall<TResult>
{
    // The caller goes on where the last of its writes is confirmed: both are turns of one grain.
    private readonly TaskCompletionSource<IReadOnlyList<TResult>> _done = new();
    private readonly TResult[] _results;
    private int _left;

    public WriteCall(int count)
    {
        _results = new TResult[count];
        _left = count;
        CompleteIfDone();
    }

    /// <summary>All results, in the order of the call's writes.</summary>
    public Task<IReadOnlyList<TResult>> Completion => _done.Task;

    public void Set(int index, TResult result)
    {
        _results[index] = result;
        _left--;
        CompleteIfDone();
    }

    public void Fail(Exception exception) => _done.TrySetException(exception);

    private void CompleteIfDone()
    {
        if (_left == 0)
        {
            _done.TrySetResult(_results);
        }
    }
}
