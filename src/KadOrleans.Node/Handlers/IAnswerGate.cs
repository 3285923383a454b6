using KadOrleans.Core;
using KadOrleans.Node.Trust;

namespace KadOrleans.Node.Handlers;

/// <summary>Stands between an answer and the wire.</summary>
internal interface IAnswerGate
{
    /// <summary>Whoever sends a request may become a contact, once verified.</summary>
    void Consider(Contact sender);

    /// <summary>
    /// Sends the answer, or holds its request if the answer is much longer than the request and the source unproven.
    /// </summary>
    void Answer(ReadOnlySpan<byte> answer, int requestLength, HeldRequest request, RequestContext context);
}
