namespace KadOrleans.Node.Requests;

/// <summary>Told how every request ended, whoever sent it.</summary>
internal interface IRequestObserver
{
    /// <summary>The destination answered; called before the request itself learns it.</summary>
    void OnAnswered(OutgoingRequest request);

    /// <summary>The destination did not answer, or not with an answer.</summary>
    void OnFailed(OutgoingRequest request, RequestFailure failure);
}
