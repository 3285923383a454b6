using KadOrleans.Core;

namespace KadOrleans.Node.Ports;

/// <summary>
/// A way back to who asks. An answer has to leave from the very address and port that were asked: from another, nobody
/// takes it for one.
/// </summary>
public interface IAnswerRoute
{
    /// <summary>
    /// Sends an answer as <see cref="IDatagramTransport.Send"/> does, from any thread. Within an <see cref="AnswerBatch"/> it may
    /// wait for the others of the batch; true then promises even less.
    /// </summary>
    bool SendAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint destination);
}
