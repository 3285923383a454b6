namespace KadOrleans.Grains;

/// <summary>Whether the cluster still has this silo. One that was frozen learns only some seconds after its end that others have declared it dead.</summary>
internal sealed class OwnMembership(IClusterMembershipService members, ISiloStatusOracle own)
{
    /// <summary>Reads the table of members. One that cannot be read says nothing.</summary>
    /// <exception cref="InvalidOperationException">It says that this silo is dead, which then ends.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        try
        {
            await members.Refresh(default, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Orleans logs it.
        }

        if (own.CurrentStatus == SiloStatus.Dead)
        {
            throw new InvalidOperationException("The cluster has declared this silo dead; its grains begin elsewhere.");
        }
    }
}
