using KadOrleans.Core;

namespace KadOrleans.Cli.Clients;

/// <summary>What came of pinging a target.</summary>
/// <param name="Target">Whom it was.</param>
/// <param name="Endpoint">Which of its addresses this is about.</param>
/// <param name="Result">What came back.</param>
internal sealed record Pinged(Target Target, UdpEndpoint Endpoint, PingResult Result)
{
    /// <summary>Whether a node answered; a client has no id and cannot be asked through.</summary>
    public bool IsNode => Result.Id is not null;

    /// <summary>One sentence why no node is there.</summary>
    public string Problem => $"{Name} {Result.Failure switch
    {
        null => "answered without an id: it is a client, not a node",
        RequestFailure.Unreachable => "cannot be reached from here: the system would not send to it",
        RequestFailure.Malformed => "answered with something that is no answer to a ping",
        _ => "did not answer a ping",
    }}.";

    private string Name => Target.Text == Endpoint.ToString() ? Target.Text : $"{Target.Text} ({Endpoint})";
}
