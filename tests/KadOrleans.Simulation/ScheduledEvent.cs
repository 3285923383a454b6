namespace KadOrleans.Simulation;

/// <summary>Something that happens at a virtual time. Belongs to one <see cref="EventQueue"/> at a time.</summary>
internal abstract class ScheduledEvent
{
    /// <summary>When, in ticks of virtual time.</summary>
    public long Due { get; set; }

    /// <summary>Its place among those of the same time.</summary>
    public long Sequence { get; set; }

    /// <summary>Its place in the queue; negative while it is in none.</summary>
    public int Index { get; set; } = -1;

    public abstract void Fire();

    public bool IsBefore(ScheduledEvent other) => Due < other.Due || (Due == other.Due && Sequence < other.Sequence);
}
