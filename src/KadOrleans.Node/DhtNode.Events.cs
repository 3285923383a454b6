using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Requests;

namespace KadOrleans.Node;

/// <content>What the node is told: by its table, and of how its requests and probes ended.</content>
public sealed partial class DhtNode
{
    /// <summary>
    /// Whether the network can be reached: the table has a contact, one answered since the start, and not all of the table, or
    /// <see cref="Reachability.SilentContacts"/>, have kept silent since the last answer a minute ago.
    /// </summary>
    public bool HasGoodContact => _reachability.IsGood;

    void IRoutingTableListener.OnContactAdded(Contact contact)
    {
        if (!_options.ClientOnly)
        {
            _handOff.Enqueue(contact);
        }
    }

    void IRoutingTableListener.OnCheckNeeded(Contact contact) => _prober.ProbeNow(contact.Endpoint, contact.Id);

    void IRequestObserver.OnAddressProved(OutgoingRequest request) => _verified.Add(request.Destination);

    void IRequestObserver.OnAnswered(OutgoingRequest request)
    {
        if (request is not PingCall && KnownContact(request) is { } contact)
        {
            _table.Observe(ContactObservation.Answered(contact));
        }

        _reachability.Answered();
        NodeMetrics.RequestEnded(request.Kind, null);
    }

    void IRequestObserver.OnFailed(OutgoingRequest request, RequestFailure failure)
    {
        if (failure is RequestFailure.TimedOut or RequestFailure.Malformed && KnownContact(request) is { } contact)
        {
            _table.Observe(ContactObservation.Failed(contact));
            _reachability.Failed(contact.Id);
        }

        NodeMetrics.RequestEnded(request.Kind, failure);
    }

    void IRequestObserver.OnFault(Exception fault) => _logger.RequestFaulted(fault);

    /// <summary>The table's contact behind a request: a claim made by others has no say over it.</summary>
    private Contact? KnownContact(OutgoingRequest request) =>
        request.ExpectedId is { } id && _table.Snapshot.TryGet(id, out var known) && known.Endpoint == request.Destination
            ? known
            : null;

    private void OnIdProved(Contact contact) => OnProbed(contact.Endpoint, contact.Id, answered: true);

    private void OnProbed(UdpEndpoint endpoint, NodeId? id, bool answered)
    {
        if (id is { } known && known != Id)
        {
            _table.Observe(ContactObservation.Answered(new Contact(known, endpoint)));
        }

        foreach (var request in _held.Take(endpoint))
        {
            if (answered)
            {
                _dispatcher.AnswerHeld(request, endpoint);
            }
        }
    }
}
