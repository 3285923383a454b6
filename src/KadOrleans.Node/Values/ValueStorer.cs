using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Requests;
using KadOrleans.Wire;

namespace KadOrleans.Node.Values;

/// <summary>Sends a value to contacts and learns who took it.</summary>
internal sealed class ValueStorer(RequestTable requests, NodeId ownId)
{
    /// <summary>Sends the value to all at once and waits for each answer or its absence.</summary>
    public async Task<StoreTally> StoreAsync(
        NodeId key, DhtValue value, IReadOnlyList<Contact> contacts, CancellationToken cancellationToken)
    {
        var tally = new StoreTally(contacts.Count);
        foreach (var contact in contacts)
        {
            Send(key, value, contact, tally.Add);
        }

        await tally.All.WaitAsync(cancellationToken);
        return tally;
    }

    /// <summary>Sends the value to one contact: true if it took it, false if it refused, null without an answer.</summary>
    public Task<bool?> StoreAsync(NodeId key, DhtValue value, Contact contact)
    {
        var answer = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(key, value, contact, stored => answer.TrySetResult(stored));
        return answer.Task;
    }

    private void Send(NodeId key, DhtValue value, Contact contact, Action<bool?> onEnd) => requests.Send(new StoreCall(
        contact, new StoreRequest(ownId, key, value), (stored, failure) => onEnd(failure is null ? stored : null)));
}
