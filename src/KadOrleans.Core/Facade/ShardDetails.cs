using System.Text;

namespace KadOrleans;

/// <summary>How many shards a cluster has.</summary>
/// <param name="Count">The shards in use.</param>
/// <param name="Split">While they are being doubled, how many are split so far; null otherwise.</param>
public sealed record ShardCount(int Count, int? Split);

/// <summary>A shard of a cluster, and where it is.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Name">Its name in logs and messages.</param>
/// <param name="Silos">The addresses of the silos that it is active on: one, or none while nobody asks for it.</param>
/// <param name="Missing">The addresses of silos that did not respond. It may be active there.</param>
public sealed record ShardDetails(int Number, string Name, IReadOnlyList<string> Silos, IReadOnlyList<string> Missing)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
