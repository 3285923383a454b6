using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Requests;
using KadOrleans.Wire;

namespace KadOrleans.Node.Values;

internal sealed class ValueStorer(RequestTable requests, NodeId ownId)
{
    /// <summary>
    /// Sends the value to all contacts concurrently and waits for each response or failure. A contact that refuses a chosen life may hold a
    /// stranger's value that lives longer. It is asked again to take this one in its place. It is not asked so at first, because nodes of
    /// earlier releases take that request for one without a life.
    /// </summary>
    public async Task<StoreTally> StoreAsync(
        NodeId key, DhtValue value, TimeSpan? life, IReadOnlyList<Contact> contacts, bool isChosen, CancellationToken cancellationToken)
    {
        var all = Task.WhenAll(contacts.Select(StoreOrInsistAsync));

        // Not Task.WaitAsync: with a token it leaves the caller's synchronization context for the thread pool.
        var cancelled = new TaskCompletionSource<bool?[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancellationToken.UnsafeRegister((_, token) => cancelled.TrySetCanceled(token), null))
        {
            var answers = await await Task.WhenAny(all, cancelled.Task);
            return new StoreTally(answers.Count(taken => taken is true), answers.Count(taken => taken is false), answers.Count(taken => taken is null));
        }

        async Task<bool?> StoreOrInsistAsync(Contact contact)
        {
            var taken = await SendAsync(key, value, life, contact, isChosen: false);
            return isChosen && taken is false ? await SendAsync(key, value, life, contact, isChosen: true) : taken;
        }
    }

    /// <summary>Sends the value to one contact. Returns true if it took the value, false if it refused, null without a response.</summary>
    public Task<bool?> StoreAsync(NodeId key, DhtValue value, TimeSpan life, Contact contact) =>
        SendAsync(key, value, life, contact, isChosen: false);

    private Task<bool?> SendAsync(NodeId key, DhtValue value, TimeSpan? life, Contact contact, bool isChosen)
    {
        var answer = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        uint? seconds = life is { } left ? RemainingLife.InSeconds(left) : null;
        var request = new StoreRequest(ownId, key, value, seconds, isChosen);
        requests.Send(new EndpointCall<bool>(
            RequestKind.Store,
            contact.Endpoint,
            contact.Id,
            (destination, id) => RequestWriter.TryWriteStore(destination, id, request, out var length) ? length : 0,
            ResponseReader.TryReadStored,
            (stored, failure) => answer.TrySetResult(failure is null ? stored : null)));
        return answer.Task;
    }
}

/// <summary>How many contacts took a value, rejected it, and did not answer.</summary>
internal readonly record struct StoreTally(int Stored, int Refused, int Failed);
