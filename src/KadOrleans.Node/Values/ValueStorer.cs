using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Requests;
using KadOrleans.Wire;

namespace KadOrleans.Node.Values;

/// <summary>Sends a value to contacts and counts who took it.</summary>
internal sealed class ValueStorer(RequestTable requests, NodeId ownId)
{
    /// <summary>Sends the value to all at once and waits for each answer or its absence.</summary>
    /// <returns>How many took it, refused it, and did not answer.</returns>
    public async Task<(int Stored, int Refused, int Failed)> StoreAsync(
        NodeId key, DhtValue value, IReadOnlyList<Contact> contacts, CancellationToken cancellationToken)
    {
        var calls = new Task<bool?>[contacts.Count];
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i] = StoreAsync(key, value, contacts[i]);
        }

        var results = await Task.WhenAll(calls).WaitAsync(cancellationToken);
        return (results.Count(r => r == true), results.Count(r => r == false), results.Count(r => r is null));
    }

    /// <summary>Sends the value to one contact: true if it took it, false if it refused, null without an answer.</summary>
    public Task<bool?> StoreAsync(NodeId key, DhtValue value, Contact contact)
    {
        var answer = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        requests.Send(new StoreCall(
            contact,
            new StoreRequest(ownId, key, value),
            (stored, failure) => answer.TrySetResult(failure is null ? stored : null)));
        return answer.Task;
    }
}
