using KadOrleans.Core;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Handlers;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Trust;

/// <summary>
/// The trust rules: a contact is believed once it answered from the address it claims, and nobody unproven draws an
/// answer more than <see cref="MaxAmplification"/> times as long as the request.
/// </summary>
internal sealed class AnswerGate(
    IRoutingTable table,
    VerifiedEndpoints verified,
    HeldAnswers held,
    Prober prober,
    NodeMetrics metrics) : IAnswerGate
{
    /// <summary>Answer bytes per request byte that an unproven address may draw.</summary>
    public const int MaxAmplification = 2;

    public void Consider(Contact sender)
    {
        var snapshot = table.Snapshot;
        if (sender.Id == snapshot.OwnId || sender.Id == DhtNode.ClientId || !sender.Endpoint.IsUnicast)
        {
            return;
        }

        if (snapshot.TryGet(sender.Id, out var known) ? known != sender : snapshot.WouldAccept(sender.Id))
        {
            prober.Consider(sender);
        }
    }

    public void Answer(ReadOnlySpan<byte> answer, int requestLength, HeldRequest request, RequestContext context)
    {
        var isShort = answer.Length <= MaxAmplification * (long)requestLength;
        if (isShort || context.IsTrusted || verified.Contains(context.Source))
        {
            context.Route.SendAnswer(answer, context.Source);
            return;
        }

        var (kept, first) = held.Hold(context.Source, request);
        if (kept && first && !prober.ProbeNow(context.Source, null))
        {
            // No ping, so no report would ever end what is held.
            held.Take(context.Source);
            kept = false;
        }

        if (kept)
        {
            metrics.Held();
        }
        else
        {
            metrics.Refused(RefusalReason.HeldAnswerLimit);
        }
    }
}
