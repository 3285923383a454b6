namespace KadOrleans.Node.Requests;

/// <summary>Told how every request ended, whoever sent it.</summary>
internal interface IRequestObserver
{
    /// <summary>
    /// Something came back with the request's id from its destination, so nobody made that address up; called before
    /// the request itself learns it. Whether it is an answer shows next.
    /// </summary>
    void OnAddressProved(OutgoingRequest request);

    /// <summary>The destination answered; called after the request itself learned it.</summary>
    void OnAnswered(OutgoingRequest request);

    /// <summary>The destination did not answer, or not with an answer.</summary>
    void OnFailed(OutgoingRequest request, RequestFailure failure);

    /// <summary>Whoever was told of a late or failed request threw: a bug, and no reason to stop.</summary>
    void OnFault(Exception fault);
}
