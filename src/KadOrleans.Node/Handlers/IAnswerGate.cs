using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>Stands between an answer and the wire.</summary>
internal interface IAnswerGate
{
    /// <summary>Whoever sends a request may become a contact, once verified.</summary>
    void Consider(Contact sender);

    /// <summary>
    /// Sends the answer, or holds its request if the source has not proved its address and the answer is much longer than the request.
    /// </summary>
    void Answer(ReadOnlySpan<byte> answer, RequestKind kind, NodeId target, in RequestContext context);

    /// <summary>Holds a STORE until its source has proved its address.</summary>
    void Hold(in StoreRequest request, in RequestContext context);
}
