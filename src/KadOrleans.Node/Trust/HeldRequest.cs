using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Trust;

/// <summary>A request whose answer waits until its sender has proved its address.</summary>
internal readonly record struct HeldRequest(MessageId Id, RequestKind Kind, NodeId Target, IAnswerRoute Route);
