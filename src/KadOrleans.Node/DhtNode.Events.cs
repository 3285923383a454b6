using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Requests;
using KadOrleans.Node.Trust;
using KadOrleans.Wire;

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

    void IRoutingTableListener.OnCheckNeeded(Contact contact) => _prober.Check(contact);

    void IRequestObserver.OnAddressProved(OutgoingRequest request)
    {
        if (_verified.Add(request.Destination))
        {
            _strangers.Release(request.Destination);
        }
    }

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

    void IHeldRequestHandler.Proceed(HeldRequest request)
    {
        if (_stopping.IsCancellationRequested)
        {
            _metrics.Refused(RefusalReason.Stopping);
        }
        else
        {
            _dispatcher.Proceed(request);
        }
    }

    void IHeldRequestHandler.GiveUp(HeldRequest request, RefusalReason reason)
    {
        try
        {
            _dispatcher.GiveUp(request, reason);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // On a timer's thread it would end the process.
            _logger.RequestFaulted(e);
        }
    }

    /// <summary>A response that answers no request of ours may answer the ping of a stranger.</summary>
    private void OnUnknownResponse(MessageId id, ReadOnlySpan<byte> body, UdpEndpoint source)
    {
        if (!_strangers.TryProve(id, source, out var roundTrip))
        {
            return;
        }

        _requests.Learn(source, roundTrip);
        _reachability.Answered();
        if (ResponseReader.TryReadPong(body, out var sender))
        {
            _gate.Introduce(new Contact(sender, source));
        }
    }

    private void OnIdProved(Contact contact) => OnProbed(contact.Endpoint, contact.Id);

    private void OnProbed(UdpEndpoint endpoint, NodeId? id)
    {
        if (id is { } known && known != Id)
        {
            _table.Observe(ContactObservation.Answered(new Contact(known, endpoint)));
        }
    }
}
