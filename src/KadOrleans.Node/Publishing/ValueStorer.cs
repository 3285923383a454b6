namespace KadOrleans.Node;

/// <summary>Sends STOREs, with the contacts' write tokens.</summary>
internal sealed class ValueStorer(RequestTable requests, TokenRequests tokens, NodeId ownId, SiblingIds siblings)
{
    // A contact that refuses a chosen life may hold a stranger's longer-lived value, and is asked again to replace it. Not at
    // first: a node that does not know that request takes it for one without a life.
    public async Task<SetResult> StoreAsync(
        NodeId key, SentValue value, IReadOnlyList<Contact> contacts, Action<Contact, bool>? onEnd, CancellationToken cancellationToken)
    {
        var all = Task.WhenAll(contacts.Where(contact => !siblings.MayBeNewTo(contact.Id)).Select(StoreOrInsistAsync));

        // Not Task.WaitAsync: with a token it leaves the caller's synchronization context for the thread pool.
        var cancelled = new TaskCompletionSource<bool?[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancellationToken.UnsafeRegister((_, token) => cancelled.TrySetCanceled(token), null))
        {
            var answers = await await Task.WhenAny(all, cancelled.Task);
            return new SetResult
            {
                Stored = answers.Count(taken => taken is true),
                Refused = answers.Count(taken => taken is false),
                Failed = answers.Count(taken => taken is null),
            };
        }

        async Task<bool?> StoreOrInsistAsync(Contact contact)
        {
            var taken = await StoreAsync(key, value with { IsChosen = false }, contact);
            taken = value.IsChosen && taken is false ? await StoreAsync(key, value, contact) : taken;
            onEnd?.Invoke(contact, taken is not null);
            return taken;
        }
    }

    /// <summary>True if the contact took the value, false if it refused, null without a response, or if it was not asked as this node may be new to it.</summary>
    public async Task<bool?> StoreAsync(NodeId key, SentValue value, Contact contact)
    {
        var request = new StoreRequest(
            ownId, key, value.Value, value.Life is { } left ? RemainingLife.InSeconds(left) : null, value.IsChosen);
        if (siblings.MayBeNewTo(contact.Id) || await tokens.GetAsync(contact) is not { } token)
        {
            return null;
        }

        var answer = await SendAsync(request, contact, token, value.IsAuthored);
        if (token.IsNone || answer is not { IsRenewed: false })
        {
            return answer?.IsStored;
        }

        // It does not know its token, as after a restart: it has refused the value, or taken it for nobody's.
        tokens.Forget(contact, token);
        var isWanted = !answer.Value.IsStored || value.IsAuthored;
        var second = isWanted && await tokens.GetAsync(contact) is { IsNone: false } next
            ? await SendAsync(request, contact, next, value.IsAuthored)
            : null;
        return (second ?? answer.Value).IsStored;
    }

    private Task<StoreAnswer?> SendAsync(StoreRequest request, Contact contact, WriteToken token, bool isAuthored)
    {
        var answer = new TaskCompletionSource<StoreAnswer?>(TaskCreationOptions.RunContinuationsAsynchronously);
        requests.Send(new StoreCall(contact, request, token, isAuthored, end => answer.TrySetResult(end)));
        return answer.Task;
    }
}
