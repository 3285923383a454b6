using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Requests;
using KadOrleans.Wire;

namespace KadOrleans.Node.Values;

/// <summary>Sends a value to contacts and learns who took it.</summary>
internal sealed class ValueStorer(RequestTable requests, NodeId ownId)
{
    /// <summary>Sends the value to all contacts concurrently and waits for each response or failure.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="life">Its remaining life; null for a new value.</param>
    /// <param name="contacts">Where to.</param>
    /// <param name="isChosen">
    /// Whether the publisher chose the life. A contact that refuses may then hold a stranger's value that lives longer: it is asked again
    /// to take this one in its place. It is not asked so at first, because nodes of earlier releases take that request for one without a life.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<StoreTally> StoreAsync(
        NodeId key, DhtValue value, TimeSpan? life, IReadOnlyList<Contact> contacts, bool isChosen, CancellationToken cancellationToken)
    {
        var tally = new StoreTally(contacts.Count);
        foreach (var contact in contacts)
        {
            Send(key, value, life, contact, isChosen ? stored => AddOrInsist(contact, stored) : tally.Add);
        }

        // Not Task.WaitAsync: with a token it leaves the caller's synchronization context for the thread pool.
        using (cancellationToken.UnsafeRegister(static (t, token) => ((StoreTally)t!).Cancel(token), tally))
        {
            await tally.All;
        }

        return tally;

        void AddOrInsist(Contact contact, bool? stored)
        {
            if (stored == false)
            {
                Send(key, value, life, contact, tally.Add, isChosen: true);
            }
            else
            {
                tally.Add(stored);
            }
        }
    }

    /// <summary>Sends the value to one contact. Returns true if it took the value, false if it refused, null without a response.</summary>
    public Task<bool?> StoreAsync(NodeId key, DhtValue value, TimeSpan life, Contact contact)
    {
        var answer = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(key, value, life, contact, stored => answer.TrySetResult(stored));
        return answer.Task;
    }

    private void Send(NodeId key, DhtValue value, TimeSpan? life, Contact contact, Action<bool?> onEnd, bool isChosen = false)
    {
        uint? seconds = life is { } left ? RemainingLife.InSeconds(left) : null;
        requests.Send(new StoreCall(
            contact, new StoreRequest(ownId, key, value, seconds, isChosen), (stored, failure) => onEnd(failure is null ? stored : null)));
    }
}

/// <summary>Counts the results of one value's STOREs, and completes with the last one.</summary>
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

    /// <summary>Contacts that rejected the value.</summary>
    public int Refused { get; private set; }

    /// <summary>Contacts that did not answer.</summary>
    public int Failed { get; private set; }

    /// <summary>Completes when every copy is accounted for, or the wait is cancelled.</summary>
    public Task All => _all.Task;

    /// <param name="stored">True if the contact took the value, false if it refused, null without a response.</param>
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

    /// <summary>Ends the wait. The STOREs go on.</summary>
    public void Cancel(CancellationToken cancellationToken) => _all.TrySetCanceled(cancellationToken);
}
