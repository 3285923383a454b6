namespace KadOrleans.Shards;

// A call whose writes may go into several group commits. It continues the caller synchronously after its last write: both are
// turns of one grain.
internal sealed class WriteCall<TResult> : TaskCompletionSource<IReadOnlyList<TResult>>
{
    private readonly TResult[] _results;
    private int _left;

    public WriteCall(int count)
    {
        _results = new TResult[count];
        _left = count;
        CompleteIfDone();
    }

    public void Set(int index, TResult result)
    {
        _results[index] = result;
        _left--;
        CompleteIfDone();
    }

    private void CompleteIfDone()
    {
        if (_left == 0)
        {
            TrySetResult(_results);
        }
    }
}
