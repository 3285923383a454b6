using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Trust;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Requests;

/// <summary>Passes the outcomes of a node's own requests to the routing table, the trust rules and the metrics.</summary>
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
        if (request is not PingCall && KnownContact(request) is { } contact)
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

    /// <summary>The table's contact behind a request: others' claims must not affect it.</summary>
    private Contact? KnownContact(OutgoingRequest request) =>
        request.ExpectedId is { } id && table.Snapshot.TryGet(id, out var known) && known.Endpoint == request.Destination
            ? known
            : null;
}
