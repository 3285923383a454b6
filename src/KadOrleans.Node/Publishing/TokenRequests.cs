namespace KadOrleans.Node;

/// <summary>Gets contacts' write tokens: those at hand, else by a PING, one at a time of a contact.</summary>
internal sealed class TokenRequests(RequestTable requests, HeldTokens held, NodeId ownId)
{
    // Guards _asked.
    private readonly Lock _gate = new();
    private readonly Dictionary<UdpEndpoint, Task<bool>> _asked = [];

    /// <summary>A fresh token, none if the contact gives none, null if it does not answer.</summary>
    public async ValueTask<WriteToken?> GetAsync(Contact contact)
    {
        if (held.TryGet(contact.Endpoint, out var token))
        {
            return token;
        }

        var hasAnswered = await AskAsync(contact);
        return held.TryGet(contact.Endpoint, out token) || hasAnswered ? token : null;
    }

    public void Forget(Contact contact, WriteToken token) => held.Forget(contact.Endpoint, token);

    /// <summary>Asks for a token; whether the contact answers.</summary>
    public Task<bool> AskAsync(Contact contact)
    {
        TaskCompletionSource<bool> answered;
        lock (_gate)
        {
            if (_asked.TryGetValue(contact.Endpoint, out var asked))
            {
                return asked;
            }

            answered = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Add(contact.Endpoint, answered.Task);
        }

        requests.Send(new PingCall(contact.Endpoint, contact.Id, ownId, OnEnd, retriesUnresponsive: false));
        return answered.Task;

        void OnEnd(OutgoingRequest request, NodeId? id, RequestFailure? failure)
        {
            lock (_gate)
            {
                _asked.Remove(contact.Endpoint);
            }

            answered.TrySetResult(failure is null);
        }
    }
}
