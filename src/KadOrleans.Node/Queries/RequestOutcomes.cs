namespace KadOrleans.Node;

internal interface IRequestObserver
{
    /// <summary>The destination's address is not forged. Called before the request itself learns of the response.</summary>
    void OnAddressProved(OutgoingRequest request);

    void OnAnswered(OutgoingRequest request);

    void OnFailed(OutgoingRequest request, RequestFailure failure);

    /// <summary>A callback threw, which is a bug. The node goes on.</summary>
    void OnFault(Exception fault);
}

/// <summary>Passes outcomes to the routing table, the trust rules and the metrics.</summary>
internal sealed class RequestOutcomes(
    IRoutingTable table, VerifiedEndpoints verified, Strangers strangers, Reachability reachability, ILogger logger) : IRequestObserver
{
    public void OnAddressProved(OutgoingRequest request)
    {
        if (verified.Add(request.Destination))
        {
            strangers.Release(request.Destination);
        }
    }

    public void OnAnswered(OutgoingRequest request)
    {
        if (request.Kind != RequestKind.Ping && KnownContact(request) is { } contact)
        {
            table.Observe(ContactObservation.Answered(contact));
        }

        reachability.Answered();
        NodeMetrics.RequestEnded(request.Kind, null);
    }

    public void OnFailed(OutgoingRequest request, RequestFailure failure)
    {
        if (failure is RequestFailure.TimedOut or RequestFailure.Malformed && KnownContact(request) is { } contact)
        {
            table.Observe(ContactObservation.Failed(contact));
            reachability.Failed(contact.Id);
        }

        NodeMetrics.RequestEnded(request.Kind, failure);
    }

    public void OnFault(Exception fault) => logger.RequestFaulted(fault);

    /// <summary>Only a contact of the table: others' claims must not affect it.</summary>
    private Contact? KnownContact(OutgoingRequest request) =>
        request.ExpectedId is { } id && table.Snapshot.TryGet(id, out var known) && known.Endpoint == request.Destination
            ? known
            : null;
}
