using KadOrleans;

namespace Guestbook.Host;

/// <summary>The guests of this house. Clients outside the silo may call it, as <c>OpenAssemblies</c> names this assembly.</summary>
public interface IGuests : IGrainWithIntegerKey
{
    /// <summary>Writes a guest into the house's book, and the name into the DHT for all its nodes. Both are durable when the call returns.</summary>
    /// <returns>How many guests there were.</returns>
    ValueTask<int> SignAsync(string guest);
}

/// <summary>A grain of this program beside those of the DHT, with state of its own.</summary>
public sealed class Guests([PersistentState("guests", Guests.Storage)] IPersistentState<GuestsState> book, IDht dht) : Grain, IGuests
{
    public const string Storage = "Guestbook";

    public async ValueTask<int> SignAsync(string guest)
    {
        await dht.SetAsync("guestbook", guest, SetAcknowledgement.Durable);
        book.State.Count++;
        await book.WriteStateAsync();
        return book.State.Count;
    }
}

[GenerateSerializer, Alias("guests")]
public sealed class GuestsState
{
    [Id(0)]
    public int Count { get; set; }
}
