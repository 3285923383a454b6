using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Node.Requests;

/// <summary>Takes what became of a <see cref="FindCall"/>.</summary>
internal interface IFindListener
{
    void OnNodes(FindCall call, ReadOnlySpan<Contact> contacts);

    void OnValue(FindCall call, DhtValue value, TimeSpan? life);

    void OnLate(FindCall call);

    void OnFailed(FindCall call, RequestFailure failure);
}
