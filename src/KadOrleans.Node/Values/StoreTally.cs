namespace KadOrleans.Node.Values;

/// <summary>Counts what became of the copies of one value, and completes when the last one is known.</summary>
internal sealed class StoreTally
{
    // Guards the counts.
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;

    public StoreTally(int copies)
    {
        _open = copies;
        if (copies == 0)
        {
            _all.SetResult();
        }
    }

    /// <summary>Contacts that took the value.</summary>
    public int Stored { get; private set; }

    /// <summary>Contacts that answered that they did not.</summary>
    public int Refused { get; private set; }

    /// <summary>Contacts that did not answer.</summary>
    public int Failed { get; private set; }

    /// <summary>Completes when every copy is accounted for, or the wait is cancelled.</summary>
    public Task All => _all.Task;

    /// <param name="stored">True if the contact took the value, false if it refused it, null without an answer.</param>
    public void Add(bool? stored)
    {
        lock (_gate)
        {
            switch (stored)
            {
                case true:
                    Stored++;
                    break;
                case false:
                    Refused++;
                    break;
                default:
                    Failed++;
                    break;
            }

            if (--_open > 0)
            {
                return;
            }
        }

        _all.TrySetResult();
    }

    /// <summary>Ends the wait; the copies are on their way all the same.</summary>
    public void Cancel(CancellationToken cancellationToken) => _all.TrySetCanceled(cancellationToken);
}
