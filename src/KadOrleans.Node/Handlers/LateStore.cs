using System.Runtime.CompilerServices;
using KadOrleans.Core.Values;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// A STORE that waits to be stored: what an async method would be, used again for the next one. Thousands may wait for one
/// commit, too long for garbage to be cheap.
/// </summary>
internal sealed class LateStore
{
    private readonly LateAnswers _owner;
    private readonly Action _onStored;
    private ValueTaskAwaiter<StoreResult> _stored;
    private RequestContext _context;
    private Action<StoreResult, RequestContext>? _answer;

    public LateStore(LateAnswers owner)
    {
        _owner = owner;
        _onStored = OnStored;
    }

    /// <summary>Answers once the result is there, where an async method would go on. Then this is free again.</summary>
    public void Wait(ValueTask<StoreResult> stored, RequestContext context, Action<StoreResult, RequestContext> answer)
    {
        (_stored, _context, _answer) = (stored.GetAwaiter(), context, answer);
        if (_stored.IsCompleted)
        {
            OnStored();
        }
        else
        {
            _stored.UnsafeOnCompleted(_onStored);
        }
    }

    private void OnStored()
    {
        try
        {
            _answer!(_stored.GetResult(), _context);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _owner.OnFailed(e);
        }

        _stored = default;
        _owner.OnEnded(this);
    }
}
